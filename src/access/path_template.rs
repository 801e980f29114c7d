//! Shapes of paths, such as `/a/{name}/c`, as tables of APIs write them. A path fits whole or not at all, part by part;
//! only a place that is marked so stands for any number of parts.

/// Paths of one shape: `{name}` stands for one part of a path, `{name}:verb` for one that ends so, and `{name:path}`,
/// at most once, for any number of parts.
#[derive(Debug)]
pub(super) struct PathTemplate {
    begin: Vec<Part>,
    /// What follows the place for any number of parts, if there is such a place.
    end: Option<Vec<Part>>,
}

#[derive(Debug)]
enum Part {
    Named(String),
    /// A name of whatever kind, and a verb behind its colon, as Google's APIs have them.
    Ending(String),
    Any,
}

impl PathTemplate {
    pub(super) fn parse(text: &str) -> PathTemplate {
        let mut begin = Vec::new();
        let mut end: Option<Vec<Part>> = None;
        for part in text.split('/').filter(|part| !part.is_empty()) {
            let part = match part.strip_prefix('{').and_then(|part| part.split_once('}')) {
                Some((name, "")) if name.ends_with(":path") => {
                    end = Some(Vec::new());
                    continue;
                }
                Some((_, "")) => Part::Any,
                Some((_, verb)) => Part::Ending(verb.to_lowercase()),
                None => Part::Named(part.to_lowercase()),
            };
            end.as_mut().unwrap_or(&mut begin).push(part);
        }
        PathTemplate { begin, end }
    }

    /// Whether a path of these parts has this shape.
    pub(super) fn fits(&self, parts: &[&str]) -> bool {
        let Some(rest) = parts.get(self.begin.len()..) else { return false };
        let ends = match &self.end {
            None => rest.is_empty(),
            Some(end) => rest.len().checked_sub(end.len()).is_some_and(|from| all_fit(end, &rest[from..])),
        };
        ends && all_fit(&self.begin, parts)
    }

    /// How many parts stand before the place for any number of parts; `None` if there is no such place.
    pub(super) fn open_after(&self) -> Option<usize> {
        self.end.as_ref().map(|_| self.begin.len())
    }
}

fn all_fit(wanted: &[Part], parts: &[&str]) -> bool {
    wanted.iter().zip(parts).all(|(wanted, part)| match wanted {
        Part::Named(name) => name == part,
        Part::Ending(verb) => part.ends_with(verb.as_str()),
        Part::Any => true,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_template_fits_paths_of_its_shape_and_no_others() {
        let fits = |template: &str, path: &str| {
            let parts: Vec<&str> = path.split('/').filter(|part| !part.is_empty()).collect();
            PathTemplate::parse(template).fits(&parts)
        };
        assert!(fits("/", "/"));
        assert!(fits("/a/{b}/c", "/a/x/c"));
        assert!(fits("/A", "/a"));
        for other in ["/", "/a/x", "/a/x/d", "/a/x/c/d", "/b/x/c"] {
            assert!(!fits("/a/{b}/c", other), "{other}");
        }
        assert!(fits("/a/{rest:path}", "/a"));
        assert!(fits("/a/{rest:path}", "/a/b/c"));
        assert!(fits("/a/{p:path}/z", "/a/z"));
        assert!(fits("/a/{p:path}/z", "/a/b/c/z"));
        for other in ["/a", "/a/b", "/b/z", "/z"] {
            assert!(!fits("/a/{p:path}/z", other), "{other}");
        }
        assert!(fits("/a/{b}:Get", "/a/x:get"));
        assert!(!fits("/a/{b}:get", "/a/get"));
        assert!(!fits("/a/{b}:get", "/a/x:getall"));
    }
}
