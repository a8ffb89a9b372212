-- wrk sends the images of a folder as forms, in turn; each thread begins elsewhere, so that they do not send the same at once.
--
--   IMAGES=photos wrk -t2 -c50 -d30s --timeout 60s -s bench/wrk/upload_folder.lua http://127.0.0.1:8080/
--
-- IMAGES is the folder; LIMIT (1000) how many of its images are read, since each thread holds them all in memory; API_KEY
-- goes along as X-API-Key.
local boundary = "saccade-wrk-2c9d61f0"
local types = { jpg = "image/jpeg", jpeg = "image/jpeg", png = "image/png", webp = "image/webp", gif = "image/gif" }
local threads = {}

-- In wrk's own state, once for each thread.
function setup(thread)
  thread:set("place", #threads)
  table.insert(threads, thread)
end

local function quoted(text) return "'" .. text:gsub("'", "'\\''") .. "'" end

local function files(folder, limit)
  local found = {}
  local listing = assert(io.popen("LC_ALL=C ls -1 " .. quoted(folder)))
  for name in listing:lines() do
    local kind = types[(name:match("%.(%w+)$") or ""):lower()]
    if kind and #found < limit then table.insert(found, { name = name, kind = kind }) end
  end
  listing:close()
  return found
end

local function form(folder, file)
  local stream = assert(io.open(folder .. "/" .. file.name, "rb"))
  local bytes = stream:read("*a")
  stream:close()
  local name = file.name:gsub('"', "%%22")
  return "--" .. boundary .. "\r\n"
    .. 'Content-Disposition: form-data; name="image"; filename="' .. name .. '"\r\n'
    .. "Content-Type: " .. file.kind .. "\r\n\r\n" .. bytes .. "\r\n--" .. boundary .. "--\r\n"
end

-- In each thread's state. The requests are made once: what is made for each is what wrk's one core cannot send.
function init(arguments)
  local folder = assert(os.getenv("IMAGES"), "IMAGES names the folder of images")
  local found = files(folder, tonumber(os.getenv("LIMIT") or 1000))
  assert(#found > 0, "there are no images in " .. folder)
  local headers = { ["Content-Type"] = "multipart/form-data; boundary=" .. boundary, ["X-API-Key"] = os.getenv("API_KEY") }
  requests = {}
  for _, file in ipairs(found) do table.insert(requests, wrk.format("POST", nil, headers, form(folder, file))) end
  position = place * 37
  answered, refused = 0, 0
end

function request()
  position = position + 1
  return requests[(position - 1) % #requests + 1]
end

-- 202 is a client that was told to come back: no answer.
function response(status)
  if status == 200 then answered = answered + 1 else refused = refused + 1 end
end

-- Times are in microseconds. What timed out is in no percentile.
function done(summary, latency)
  local answered, refused = 0, 0
  for _, thread in ipairs(threads) do
    answered = answered + thread:get("answered")
    refused = refused + thread:get("refused")
  end
  local errors = summary.errors
  local seconds = summary.duration / 1e6
  print(string.format("\n  answered   %d in %.2f s, %.1f a second", answered, seconds, answered / seconds))
  print(string.format("  refused    %d (no 200)", refused))
  print(string.format("  timed out  %d; connections: %d failed to open, %d read, %d write errors",
    errors.timeout, errors.connect, errors.read, errors.write))
  for _, percentile in ipairs({ 50, 75, 90, 95, 99, 99.9 }) do
    print(string.format("  p%-8s  %.2f ms", percentile, latency:percentile(percentile) / 1000))
  end
  print(string.format("  longest    %.2f ms", latency.max / 1000))
end
