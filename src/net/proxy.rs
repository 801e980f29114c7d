use reqwest::{ClientBuilder, NoProxy, Proxy};

use super::HttpError;
use crate::base::{Route, Secret};
use crate::msg;

/// Has the client use the proxies of this route, and none of this process's environment.
pub(super) fn through(client: ClientBuilder, route: &Route) -> Result<ClientBuilder, HttpError> {
    type Make = fn(String) -> reqwest::Result<Proxy>;
    let proxies: [(&str, &Option<Secret>, Make); 3] = [
        ("https_proxy", &route.https_proxy, Proxy::https),
        ("http_proxy", &route.http_proxy, Proxy::http),
        ("all_proxy", &route.all_proxy, Proxy::all),
    ];
    let mut client = client.no_proxy();
    for (name, address, make) in proxies {
        let Some(address) = address.as_ref().map(Secret::expose) else { continue };
        // As everywhere: without a scheme it is http.
        let address = if address.contains("://") { address.to_owned() } else { format!("http://{address}") };
        let unusable = || HttpError::Proxy(msg!("proxy-bad", variable = name));
        let proxy = make(address).map_err(|_| unusable())?;
        let except = route.no_proxy.as_deref().and_then(NoProxy::from_string);
        client = client.proxy(proxy.no_proxy(except));
    }
    Ok(client)
}
