/** Most elements of a set; operands of more than this many elements are not looked for one by one. */
const SET_SIZE_MAX = 1_000;
const SEARCHED_MAX = 8;
const INT_ABS_MAX = 2 ** 53 - 1;
const DECIMAL_ABS_MAX = 10 ** 15 - 1;

/**
 * Lua: how the fields of a message change a record (docs/formats/redis-profiles.md). `merge(record, at)` answers the new record and what is told of it,
 * or nil, nil and the place in the message of the first field that an operator takes out of its range. `statesOf(record, at)` tells
 * how the fields of the message at `at` stand.
 *
 * Numbers are doubles: what is stored is a whole number of at most 53 bits, exactly, and a sum of two of them that is out of range may be rounded,
 * but never to a number inside it. Texts are never compared by order, which depends on the server's locale.
 */
export const applyFields = `
local OWN, SAME, NONE, CLEARED = 0, 1, 2, 63
local PLAIN, INCREMENT, INCREMENT_DECIMAL, ADD = 1, 2, 3, 4

-- The field of a record that begins at i: how its time is given, its length code, where its id stands, its id, where its value and where the next field begin.
local function fieldAt(record, i)
  local head = byte(record, i)
  local flag = floor(head / 64)
  local code = head - flag * 64
  i = i + 1
  if flag == OWN then i = i + 6 end
  local idAt, id = i, byte(record, i)
  i = i + 1
  if id >= 128 then
    id = id - 128
    local scale = 128
    repeat
      local more = byte(record, i)
      id = id + more % 128 * scale
      scale = scale * 128
      i = i + 1
    until more < 128
  end
  local length = code
  if code == 60 then
    length = byte(record, i)
    i = i + 1
  elseif code == 61 then
    length, i = unpack('>I2', record, i)
  elseif code == 62 then
    length, i = unpack('>I4', record, i)
  elseif code == CLEARED then
    length = 0
  end
  return flag, code, idAt, id, i, i + length
end

local function codeOf(value)
  local length = #value
  if length < 60 then return length, value end
  if length < 256 then return 60, char(length) .. value end
  if length < 65536 then return 61, pack('>I2', length) .. value end
  return 62, pack('>I4', length) .. value
end

local function numberOf(value)
  local last = #value
  if last == 0 then return 0 end
  local sum, scale = 0, 1
  for at = 1, last - 1 do
    sum = sum + byte(value, at) * scale
    scale = scale * 256
  end
  local top = byte(value, last)
  if top >= 128 then return -(sum + (top - 128) * scale) end
  return sum + top * scale
end

local function bytesOf(number)
  if number == 0 then return '' end
  local size, sign, bytes = number, 0, {}
  if number < 0 then size, sign = -number, 128 end
  while size >= 128 do
    bytes[#bytes + 1] = char(size % 256)
    size = floor(size / 256)
  end
  bytes[#bytes + 1] = char(size + sign)
  return concat(bytes)
end

local function elementsOf(set)
  local elements = {}
  local i, n = 3, #set
  while i <= n do
    local start, length = i, byte(set, i)
    i = i + 1
    if length == 255 then length, i = unpack('>I4', set, i) end
    i = i + length
    elements[#elements + 1] = sub(set, start, i - 1)
  end
  return elements
end

local function holdsNone(set, elements)
  if set == '' then return true end
  if #elements > ${SEARCHED_MAX} then return false end
  for _, element in ipairs(elements) do
    if find(set, element, 3, true) then return false end
  end
  return true
end

-- Answers nil for a set of too many elements.
local function changeSet(set, operand, isAdd)
  local elements = elementsOf(operand)
  if holdsNone(set, elements) then
    if not isAdd then return set end
    local count = #elements
    if set ~= '' then count = count + unpack('>I2', set) end
    if count > ${SET_SIZE_MAX} then return nil end
    return pack('>I2', count) .. sub(set, 3) .. sub(operand, 3)
  end
  local before, named, after = elementsOf(set), {}, {}
  for _, element in ipairs(isAdd and before or elements) do named[element] = true end
  if isAdd then after = before end
  for _, element in ipairs(isAdd and elements or before) do
    if not named[element] then after[#after + 1] = element end
  end
  if #after > ${SET_SIZE_MAX} then return nil end
  if #after == 0 then return '' end
  return pack('>I2', #after) .. concat(after)
end

-- Of the message under way, by the place of the field in it.
local count, ops, codes, fieldIds, tails, states, wins, wanted = 0, {}, {}, {}, {}, {}, {}, {}

local function readMessage(at)
  wanted = {}
  count, at = unpack('>I2', data, at + 6)
  for f = 1, count do
    local op, code, id, length, start = unpack('>BBI4I4', data, at)
    ops[f], codes[f], fieldIds[f], tails[f] = op, code, id, sub(data, start, start + length - 1)
    wanted[id], states[f], wins[f] = f, false, false
    at = start + length
  end
end

-- The value after an operator, as its length code and the bytes from its id on; nil: out of range.
local function operate(f, before)
  local op, idLength = ops[f], 1
  local rest = fieldIds[f]
  while rest >= 128 do rest, idLength = floor(rest / 128), idLength + 1 end
  local operand, after = sub(tails[f], idLength + 1), nil
  if op == INCREMENT or op == INCREMENT_DECIMAL then
    local most = op == INCREMENT and ${INT_ABS_MAX} or ${DECIMAL_ABS_MAX}
    local sum = numberOf(before) + unpack('>d', operand)
    if sum > most or sum < -most then return nil end
    after = bytesOf(sum)
  else
    after = changeSet(before, operand, op == ADD)
    if not after then return nil end
  end
  local code, value = codeOf(after)
  return code, sub(tails[f], 1, idLength) .. value
end

-- A field as it stands alone; time: its 6 bytes, nil for none.
local function alone(code, time, tail)
  return time and char(code) .. time .. tail or char(NONE * 64 + code) .. tail
end

local function told(status)
  local parts = {}
  for f = 1, count do
    if wins[f] then parts[#parts + 1] = pack('>I2B', f - 1, states[f] and 1 or 0) .. (states[f] or '') end
  end
  return status .. pack('>I2', #parts) .. concat(parts)
end

local function statesOf(record, at)
  readMessage(at)
  local i, n, timeAt = 1, #record, 0
  while i <= n do
    local flag, code, idAt, id, _, following = fieldAt(record, i)
    if flag == OWN then timeAt = i + 1 end
    local f = wanted[id]
    if f then
      wins[f] = true
      states[f] = alone(code, flag ~= NONE and sub(record, timeAt, timeAt + 5), sub(record, idAt, following - 1))
    end
    i = following
  end
  return told(REPEATED)
end

local function merge(record, at)
  readMessage(at)
  local timeMs, time = unpack('>I6', data, at), sub(data, at, at + 5)
  local pieces, from, hasOperator, culprit = {}, nil, false, nil
  local won, met, i, n = 0, {}, 1, #record
  -- Where the time last given stands in the old record: of what is read, and of what is kept.
  local timeAt, keptTimeAt = 0, 0
  local function outOfRange(f) if not culprit or f < culprit then culprit = f end end
  while i <= n do
    local flag, code, idAt, id, valueAt, following = fieldAt(record, i)
    if flag == OWN then timeAt = i + 1 end
    local f, goes, tail = wanted[id], false, nil
    if f then
      met[f] = true
      if flag == NONE or timeMs >= unpack('>I6', record, timeAt) then
        won, wins[f] = won + 1, true
        if ops[f] == PLAIN then
          goes = true
        else
          code, tail = operate(f, sub(record, valueAt, following - 1))
          if code then
            hasOperator = true
            states[f] = alone(code, flag ~= NONE and sub(record, timeAt, timeAt + 5), tail)
          else
            outOfRange(f)
            code, tail = 0, ''
          end
        end
      end
    end
    if goes or tail or (flag == SAME and keptTimeAt ~= timeAt) then
      if from then pieces[#pieces + 1] = sub(record, from, i - 1) end
      from = nil
      if not goes then
        tail = tail or sub(record, idAt, following - 1)
        if flag == SAME and keptTimeAt == timeAt then
          pieces[#pieces + 1] = char(SAME * 64 + code) .. tail
        else
          pieces[#pieces + 1] = alone(code, flag ~= NONE and sub(record, timeAt, timeAt + 5), tail)
          if flag ~= NONE then keptTimeAt = timeAt end
        end
      end
    else
      from = from or i
      if flag == OWN then keptTimeAt = timeAt end
    end
    i = following
  end
  if from then pieces[#pieces + 1] = sub(record, from) end
  local isFirst = true
  for f = 1, count do
    if not met[f] then won, wins[f] = won + 1, true end
    if ops[f] ~= PLAIN then
      if not met[f] then
        local code, tail = operate(f, '')
        if code then
          hasOperator = true
          states[f] = alone(code, nil, tail)
          pieces[#pieces + 1] = states[f]
        else
          outOfRange(f)
        end
      end
    elseif wins[f] then
      pieces[#pieces + 1] = isFirst and char(codes[f]) .. time .. tails[f] or char(SAME * 64 + codes[f]) .. tails[f]
      isFirst = false
    end
  end
  if culprit then return nil, nil, culprit - 1 end
  if won == 0 then return record, STALE end
  return concat(pieces), won == count and not hasOperator and ACCEPTED or told(PARTLY)
end
`;
