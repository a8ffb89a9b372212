-- One upload as wrk sends it: the photo named by UPLOAD_PHOTO as the only part of a form.
-- The request is made once; whatever wrk does per request is the same for every front.
local file = assert(io.open(os.getenv("UPLOAD_PHOTO"), "rb"))
local photo = file:read("*a")
file:close()

local boundary = "saccade-bench-7d9f4c1e"
wrk.method = "POST"
wrk.headers["Content-Type"] = "multipart/form-data; boundary=" .. boundary
wrk.body = "--" .. boundary .. "\r\n"
  .. 'Content-Disposition: form-data; name="image"; filename="photo.jpg"\r\n'
  .. "Content-Type: image/jpeg\r\n\r\n" .. photo .. "\r\n--" .. boundary .. "--\r\n"

-- Times are in microseconds.
done = function(summary, latency, requests)
  local errors = summary.errors
  io.write(string.format(
    '\nresult {"uploads": %d, "duration_us": %d, "p50_us": %d, "p99_us": %d, "p99.9_us": %d, "max_us": %d, "status": %d, "socket": %d}\n',
    summary.requests, summary.duration, latency:percentile(50), latency:percentile(99), latency:percentile(99.9), latency.max, errors.status,
    errors.connect + errors.read + errors.write + errors.timeout))
end
