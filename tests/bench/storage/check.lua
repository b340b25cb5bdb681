-- lighttpd's side of the comparison: HMAC-SHA256 over path, expiry and grant,
-- compared in constant time.  SECRET is put in by servers.sh.
local r = lighty.r
local query = r.req_attr["uri.query"] or ""
local signed, expires, mac =
    query:match("^(expires=(%d+)&grant=[%w_-]+)&mac=(%x+)$")

if not signed or tonumber(expires) <= os.time() then
	return 403
end
local expected = lighty.c.hmac("sha256", "SECRET",
    r.req_attr["uri.path"] .. "?" .. signed)
if not lighty.c.digest_eq(expected, mac) then
	return 403
end
return 0
