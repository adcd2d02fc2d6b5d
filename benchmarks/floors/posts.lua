-- Posts the letters of a file in turn, each a line of signature, tab and body; then as requests.lua.
local letters, next_letter = {}, 0
for line in io.lines(os.getenv("LETTERS")) do
  letters[#letters + 1] = line
end

wrk.method = "POST"
wrk.headers["Content-Type"] = "application/json"

function request()
  next_letter = next_letter % #letters + 1
  local signature, body = letters[next_letter]:match("([^\t]*)\t(.*)")
  wrk.headers["Stripe-Signature"] = signature
  return wrk.format(nil, "/v1/webhooks/stripe", nil, body)
end

function done(summary, latency)
  local e = summary.errors
  io.write(string.format(
    '{"per_second": %f, "typical_ms": %f, "p99_ms": %f, "failures": %d}\n',
    summary.requests / summary.duration * 1e6,
    latency:percentile(50) / 1e3,
    latency:percentile(99) / 1e3,
    e.connect + e.read + e.write + e.status + e.timeout))
end
