// Lua that runs in Redis. All keys of a call lie in one slot: they carry the hash tag of KEYS[1], from which the scripts name them.
// docs/formats/redis-profiles.md describes keys, records, what entries look like on their way and what is answered.

import { applyFields } from './apply-fields-script';

const ID_MEMORY_MS = 7 * 86_400_000;
/** Ids stay this much longer than they count, for sources that lag behind others. */
const ID_SLACK_MS = 86_400_000;
/** Rejections kept in each group, so that a message delivered again is rejected again. */
const REJECTIONS_MAX = 1_000;

/** Fails in a server that was emptied, or started since it was last known to have everything. */
const CHECK = `
local run = redis.call('HGET', KEYS[1], 'run')
if not run then return redis.error_reply('TESSERAEMPTY') end
if run ~= string.match(redis.call('INFO', 'server'), 'run_id:(%x+)') then return redis.error_reply('TESSERABEHIND') end
`;

/** ARGV: places (bucket in 4 bytes, field in 2). Answers a record each, or none. */
export const READ = `${CHECK}
local places, out = ARGV[1], {}
for i = 1, #places, 6 do
  out[#out + 1] = redis.call('HGET', KEYS[1] .. struct.unpack('>I4', places, i), string.sub(places, i + 4, i + 5))
end
return out
`;

/** ARGV: places as for READ. Answers a byte for each: 1 for a guid that was erased. In any state. */
export const RETIRED = `
local places, out = ARGV[1], {}
for i = 1, #places, 6 do
  local record = redis.call('HGET', KEYS[1] .. struct.unpack('>I4', places, i), string.sub(places, i + 4, i + 5))
  out[#out + 1] = string.char(record == string.char(0) and 1 or 0)
end
return table.concat(out)
`;

/** Answers `open`, `behind` or `empty`, a space, and the run id of the server. */
export const STATE = `
local run = string.match(redis.call('INFO', 'server'), 'run_id:(%x+)')
local known = redis.call('HGET', KEYS[1], 'run')
return (known == run and 'open' or known and 'behind' or 'empty') .. ' ' .. run
`;

/**
 * ARGV: run id, source, offset, source, offset… The group may be read if it has everything below these offsets. Answers 1, or 0 if it has not, or this is another
 * run of the server.
 */
export const OPEN = `
if string.match(redis.call('INFO', 'server'), 'run_id:(%x+)') ~= ARGV[1] then return 0 end
local policy = string.match(redis.call('INFO', 'memory'), 'maxmemory_policy:([%w-]+)')
if policy and string.sub(policy, 1, 7) == 'allkeys' then return redis.error_reply('TESSERAEVICTS ' .. policy) end
for i = 2, #ARGV, 2 do
  if tonumber(redis.call('HGET', KEYS[1], 's:' .. ARGV[i]) or -1) + 1 < tonumber(ARGV[i + 1]) then return 0 end
end
redis.call('HSET', KEYS[1], 'run', ARGV[1])
return 1
`;

/** ARGV: a source. Answers the offset through which the group has everything of it, −1 if nothing. */
export const POSITION = `return tonumber(redis.call('HGET', KEYS[1], 's:' .. ARGV[1]) or -1)`;

/** ARGV: source, offset, source, offset… Everything through these offsets counts as applied, and nothing beyond. */
export const ASSUME = `
for i = 1, #ARGV, 2 do redis.call('HSET', KEYS[1], 's:' .. ARGV[i], ARGV[i + 1]) end
return 1
`;

/** Answers how many ids the group remembers. */
export const REMEMBERED = `return redis.call('LLEN', KEYS[1] .. ':q')`;

/**
 * ARGV: source; offset that its lane has brought the group to so far; offset to which this call brings it; 2 bytes that stand for the source; most ids to be
 * remembered; entries. Fails if the group does not have everything that the lane gave it before.
 *
 * Everything is decided first and written after that, so an error leaves nothing half done.
 */
export const APPLY = `
local META = KEYS[1]
local source, through, mark, data = ARGV[1], tonumber(ARGV[3]), ARGV[4], ARGV[6]
local IDS, QUEUE, REJECTED = META .. ':i', META .. ':q', META .. ':r'
local KNOWN, FIELDS, ERASE, WITH_ID = 0, 1, 2, 4
local ERASED = string.char(0)
local ACCEPTED, PARTLY, REPEATED, STALE = string.char(0), string.char(1), string.char(2), string.char(3)
local DUPLICATE, RETIRED, REJECTION = string.char(4), string.char(5), string.char(6)
local byte, char, sub, find, floor = string.byte, string.char, string.sub, string.find, math.floor
local concat, spread, pack, unpack = table.concat, unpack, struct.pack, struct.unpack

local applied = tonumber(redis.call('HGET', META, 's:' .. source) or -1)
if applied < tonumber(ARGV[2]) then return redis.error_reply('TESSERALOST') end

${applyFields}
local records, changed = {}, {}
local ids, added, oldest = {}, {}, nil
local rejected = {}

local function keyOf(place) return META .. unpack('>I4', place) end
local function idKey(id)
  local first, second = byte(id, 1, 2)
  return IDS .. (first * 64 + floor(second / 4))
end

-- An entry that another message, an earlier one, has left in the memory of ids.
local function isDuplicate(id, offset, arrival)
  local held = ids[id]
  if held == nil then
    held = redis.call('HGET', idKey(id), id)
    ids[id] = held
  end
  if not held then return false end
  local first, takenAt = unpack('>I6I6', held)
  if sub(held, 13, 14) == mark and takenAt >= offset then
    -- It was this message that took the id, or a later one, in the place of one that counted no more.
    if takenAt == offset or #held == 14 then return false end
    first, takenAt = unpack('>I6I6', held, 15)
    if takenAt >= offset then return false end
  end
  return first + ${ID_MEMORY_MS} > arrival
end

local function nameOf(offset) return source .. '/' .. string.format('%.0f', offset) end
local function rejectedBefore(offset)
  local score = redis.call('ZSCORE', REJECTED, nameOf(offset))
  return score and REJECTION .. pack('>I2', tonumber(score) % 65536)
end

local out = {}
local i, n = 1, #data
while i <= n do
  local length, offset, arrival, kind, at = unpack('>I4I6I6B', data, i)
  local place, id, answer = sub(data, at, at + 5), nil, nil
  at = at + 6
  if kind >= WITH_ID then
    kind = kind - WITH_ID
    id = sub(data, at, at + 11)
    at = at + 12
  end
  local record = records[place]
  if record == nil then
    record = redis.call('HGET', keyOf(place), sub(place, 5, 6))
    records[place] = record
  end
  if record == ERASED then
    answer = kind == ERASE and ACCEPTED or RETIRED
  elseif kind == ERASE then
    records[place], changed[place], answer = ERASED, true, ACCEPTED
  elseif id and isDuplicate(id, offset, arrival) then
    answer = DUPLICATE
  elseif offset <= applied then
    answer = kind == FIELDS and (rejectedBefore(offset) or statesOf(record or '', at)) or REPEATED .. pack('>I2', 0)
  else
    local result, culprit = record or '', nil
    if kind == FIELDS then result, answer, culprit = merge(result, at) else answer = ACCEPTED end
    if result then
      if result ~= record then records[place], changed[place] = result, true end
      if id then
        local arrived = sub(data, i + 10, i + 15)
        ids[id] = arrived .. sub(data, i + 4, i + 9) .. mark .. (ids[id] and sub(ids[id], 1, 12) or '')
        added[#added + 1] = id .. arrived
        if not oldest or arrival < oldest then oldest = arrival end
      end
    else
      answer = REJECTION .. pack('>I2', culprit)
      rejected[#rejected + 1] = { nameOf(offset), floor(arrival / 1000) * 65536 + culprit }
    end
  end
  out[#out + 1] = answer
  i = i + length
end

for place in pairs(changed) do redis.call('HSET', keyOf(place), sub(place, 5, 6), records[place]) end
for _, one in ipairs(rejected) do redis.call('ZADD', REJECTED, one[2], one[1]) end
if #rejected > 0 then redis.call('ZREMRANGEBYRANK', REJECTED, 0, -${REJECTIONS_MAX + 1}) end

-- The oldest ids go as new ones come, a few more than came: so both limits are reached again after one was lowered.
local function forget(entry)
  local id = sub(entry, 1, 12)
  local held = redis.call('HGET', idKey(id), id)
  if held and sub(held, 1, 6) == sub(entry, 13, 18) then redis.call('HDEL', idKey(id), id) end
end
if #added > 0 then
  for _, entry in ipairs(added) do
    local id = sub(entry, 1, 12)
    redis.call('HSET', idKey(id), id, ids[id])
  end
  for first = 1, #added, 1000 do redis.call('RPUSH', QUEUE, spread(added, first, math.min(first + 999, #added))) end
  local left = 2 * #added + 16
  local excess = math.min(left, redis.call('LLEN', QUEUE) - tonumber(ARGV[5]))
  if excess > 0 then
    for _, entry in ipairs(redis.call('LPOP', QUEUE, excess)) do forget(entry) end
    left = left - excess
  end
  while left > 0 do
    local entry = redis.call('LINDEX', QUEUE, 0)
    if not entry or unpack('>I6', entry, 13) + ${ID_MEMORY_MS + ID_SLACK_MS} > oldest then break end
    redis.call('LPOP', QUEUE)
    forget(entry)
    left = left - 1
  end
end
if through > applied then redis.call('HSET', META, 's:' .. source, ARGV[3]) end
return concat(out)
`;
