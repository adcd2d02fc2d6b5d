-- Asks the paths of a file in turn and prints one JSON object: rate, latency, failures.
local paths, next_path = {}, 0
for line in io.lines(os.getenv("PATHS")) do
  paths[#paths + 1] = line
end

wrk.method = os.getenv("METHOD")
local token = os.getenv("TOKEN")
if token ~= "" then
  wrk.headers["Authorization"] = "Bearer " .. token
end

function request()
  next_path = next_path % #paths + 1
  return wrk.format(nil, paths[next_path])
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
