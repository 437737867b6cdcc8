// Lua that runs in Redis. All keys of a call lie in one slot; buckets are named by the script from KEYS[1], which is Cluster-safe because
// they carry the same hash tag. docs/formats/redis-identity.md describes the keys.

/**
 * What every script begins with. `META` is a hash: `run` the run id of the server that holds everything up to now, and of each form of cuid
 * the number of buckets (`h`, `u`, `t`, `l`) and of entries (`hn`…). `check` fails in a server that was emptied, or restarted since.
 *
 * Buckets grow by linear hashing: with n of them and p the largest power of two ≤ n, an item with hash x lies in x mod 2p, or in x mod p
 * where there is no such bucket; the next bucket takes over its share of one older one.
 */
const PRELUDE = `
local META, PENDING, ERASED = KEYS[1], KEYS[1] .. ':p', KEYS[1] .. ':e'
local sizes = {}
local function check()
  local run = redis.call('HGET', META, 'run')
  if not run then return redis.error_reply('TESSERAEMPTY') end
  if run ~= string.match(redis.call('INFO', 'server'), 'run_id:(%x+)') then return redis.error_reply('TESSERABEHIND') end
  return nil
end
local function size(form)
  local s = sizes[form]
  if not s then
    local found = redis.call('HMGET', META, form, form .. 'n')
    local n = tonumber(found[1] or 1)
    local p = 1
    while p * 2 <= n do p = p * 2 end
    s = { n = n, p = p, entries = tonumber(found[2] or 0), isChanged = false }
    sizes[form] = s
  end
  return s
end
local function hash(item)
  return tonumber(string.sub(redis.sha1hex(item), 1, 8), 16)
end
local function bucket(s, item)
  local b = hash(item) % (s.p * 2)
  if b >= s.n then b = b - s.p end
  return b
end
local function find(item)
  local form = string.sub(item, 1, 1)
  local s = size(form)
  local key = META .. form .. bucket(s, item)
  return key, string.sub(item, 2), s
end
`;

/** Entries a bucket may hold on average: few enough for all of them, also those not split yet, which hold up to twice as many, to stay packed lists (`hash-max-listpack-entries` is 512 by default). */
const ENTRIES_PER_BUCKET = 112;

/** After entries were added: splits buckets until the average is right again, and writes down what has changed. */
const SETTLE = `
local function settle()
  for form, s in pairs(sizes) do
    if s.isChanged then
      while s.entries > s.n * ${ENTRIES_PER_BUCKET} do
        local from, to = META .. form .. (s.n - s.p), META .. form .. s.n
        local all = redis.call('HGETALL', from)
        local moved, gone = {}, {}
        for i = 1, #all, 2 do
          if hash(form .. all[i]) % (s.p * 2) == s.n then
            moved[#moved + 1] = all[i]
            moved[#moved + 1] = all[i + 1]
            gone[#gone + 1] = all[i]
          end
        end
        for i = 1, #gone, 1000 do
          redis.call('HSET', to, unpack(moved, 2 * i - 1, math.min(2 * i + 1998, #moved)))
          redis.call('HDEL', from, unpack(gone, i, math.min(i + 999, #gone)))
        end
        s.n = s.n + 1
        if s.n == s.p * 2 then s.p = s.n end
      end
      redis.call('HSET', META, form, s.n, form .. 'n', s.entries)
    end
  end
end
`;

/** ARGV: items. Answers a guid each: 0 none, negative: unlogged. */
export const FIND = `${PRELUDE}
local failure = check()
if failure then return failure end
local hasPending = redis.call('EXISTS', PENDING) == 1
local out = {}
for i = 1, #ARGV do
  local key, field = find(ARGV[i])
  local guid = tonumber(redis.call('HGET', key, field) or 0)
  if hasPending and guid ~= 0 and redis.call('HEXISTS', PENDING, ARGV[i]) == 1 then guid = -guid end
  out[i] = guid
end
return out
`;

/** ARGV: item, candidate, item, candidate… Answers as FIND does. */
export const BIND = `${PRELUDE}${SETTLE}
local failure = check()
if failure then return failure end
local out = {}
for i = 1, #ARGV, 2 do
  local item, guid = ARGV[i], ARGV[i + 1]
  local key, field, s = find(item)
  if redis.call('HSETNX', key, field, guid) == 1 then
    redis.call('HSET', PENDING, item, guid)
    s.entries = s.entries + 1
    s.isChanged = true
    out[#out + 1] = -tonumber(guid)
  else
    guid = tonumber(redis.call('HGET', key, field))
    if redis.call('HEXISTS', PENDING, item) == 1 then guid = -guid end
    out[#out + 1] = guid
  end
end
settle()
return out
`;

/** ARGV: item, guid, item, guid… Answers 1 if all of them are bound so, else 0. */
export const HOLDS = `${PRELUDE}
local failure = check()
if failure then return failure end
for i = 1, #ARGV, 2 do
  local key, field = find(ARGV[i])
  if redis.call('HGET', key, field) ~= ARGV[i + 1] then return 0 end
end
return 1
`;

/** ARGV: item, guid, item, guid… Those that are bound so count as logged. */
export const CONFIRM = `${PRELUDE}
local failure = check()
if failure then return failure end
for i = 1, #ARGV, 2 do
  if redis.call('HGET', PENDING, ARGV[i]) == ARGV[i + 1] then redis.call('HDEL', PENDING, ARGV[i]) end
end
return 1
`;

/** ARGV: an item. Answers the guids whose retirement is not logged, the one that was bound now as the last. */
export const UNBIND = `${PRELUDE}${SETTLE}
local failure = check()
if failure then return failure end
local item = ARGV[1]
local key, field, s = find(item)
local erased = redis.call('HGET', ERASED, item) or ''
local guid = redis.call('HGET', key, field)
if guid then
  redis.call('HDEL', key, field)
  redis.call('HDEL', PENDING, item)
  s.entries = s.entries - 1
  s.isChanged = true
  erased = erased == '' and guid or erased .. ',' .. guid
  redis.call('HSET', ERASED, item, erased)
  redis.call('HINCRBY', META, 'erasures', 1)
end
settle()
return erased
`;

/** ARGV: an item, guids. */
export const CONFIRM_ERASED = `${PRELUDE}
local failure = check()
if failure then return failure end
local done = {}
for i = 2, #ARGV do done[ARGV[i]] = true end
local left = {}
for guid in string.gmatch(redis.call('HGET', ERASED, ARGV[1]) or '', '%d+') do
  if not done[guid] then left[#left + 1] = guid end
end
if #left == 0 then redis.call('HDEL', ERASED, ARGV[1]) else redis.call('HSET', ERASED, ARGV[1], table.concat(left, ',')) end
return 1
`;

/** So long after its last sign of life a process that restores counts as gone. */
const RESTORER_SECONDS = 10;

/** ARGV: a token. Answers 1 if nobody else restores, and the holder of the token does from now on. */
export const TAKE_RESTORE = `
local now = tonumber(redis.call('TIME')[1])
local held = redis.call('HMGET', KEYS[1], 'restorer', 'restoring')
if held[1] and held[1] ~= ARGV[1] and tonumber(held[2] or 0) + ${RESTORER_SECONDS} > now then return 0 end
redis.call('HSET', KEYS[1], 'restorer', ARGV[1], 'restoring', now)
return 1
`;

/**
 * ARGV: a token, and `all` if the log is entered from its beginning: until it is opened nothing is answered then, since entries of long ago pass by. Whoever
 * was restoring before is shut out.
 */
export const BEGIN_RESTORE = `
redis.call('HSET', KEYS[1], 'restorer', ARGV[1])
if ARGV[2] == 'all' then redis.call('HDEL', KEYS[1], 'run', 'log') end
return 1
`;

/**
 * ARGV: the token, item, guid, item, guid…: entries of the mapping log in its order; a negative guid: its erasure. May be entered again from any earlier entry
 * on. Answers 0 if somebody else restores, or it is open.
 */
export const RESTORE = `${PRELUDE}${SETTLE}
if redis.call('HGET', META, 'restorer') ~= ARGV[1] then return 0 end
for i = 2, #ARGV, 2 do
  local item, guid = ARGV[i], ARGV[i + 1]
  local key, field, s = find(item)
  local bound = redis.call('HGET', key, field)
  local added = 0
  if string.sub(guid, 1, 1) == '-' then
    if bound == string.sub(guid, 2) then added = -redis.call('HDEL', key, field) end
  elseif not bound or (bound ~= guid and redis.call('HEXISTS', PENDING, item) == 1) then
    added = redis.call('HSET', key, field, guid)
    bound = guid
  end
  if bound == guid or added < 0 then redis.call('HDEL', PENDING, item) end
  if added ~= 0 then
    s.entries = s.entries + added
    s.isChanged = true
  end
end
settle()
return 1
`;

/** ARGV: the token. Everything that was ever logged is here: from now on this server answers. Answers as RESTORE does. */
export const END_RESTORE = `
if redis.call('HGET', KEYS[1], 'restorer') ~= ARGV[1] then return 0 end
redis.call('HSET', KEYS[1], 'run', string.match(redis.call('INFO', 'server'), 'run_id:(%x+)'))
redis.call('HDEL', KEYS[1], 'restorer', 'restoring')
return 1
`;

/** ARGV: positions in the mapping log up to which it has everything. */
export const SET_CHECKPOINT = `${PRELUDE}
local failure = check()
if failure then return failure end
redis.call('HSET', META, 'log', ARGV[1])
return 1
`;

/** What SET_CHECKPOINT was given last, as far as it was not lost; an empty text: nothing. */
export const CHECKPOINT = `return redis.call('HGET', KEYS[1], 'log') or ''`;

/** `open`, `behind` or `empty`. */
export const STATE = `${PRELUDE}
local failure = check()
if not failure then return 'open' end
return string.find(failure.err, 'TESSERAEMPTY') and 'empty' or 'behind'
`;

/** Entries of all forms, and how many of them are unlogged. */
export const SIZE = `
local entries = 0
for _, count in ipairs(redis.call('HMGET', KEYS[1], 'hn', 'un', 'tn', 'ln')) do entries = entries + tonumber(count or 0) end
return { entries, redis.call('HLEN', KEYS[1] .. ':p') }
`;

/** Erasures so far: a count that has changed tells that cached bindings may be out of date. */
export const ERASURES = `return tonumber(redis.call('HGET', KEYS[1], 'erasures') or 0)`;
