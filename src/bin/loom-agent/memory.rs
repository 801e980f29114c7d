//! Everything that is freed is zeroed first: what libraries copy on the way, from sockets, JSON, HTTP and TLS, as much
//! as what loom's own types zero.

#[global_allocator]
static ZEROING: zeroizing_alloc::ZeroAlloc<std::alloc::System> = zeroizing_alloc::ZeroAlloc(std::alloc::System);
