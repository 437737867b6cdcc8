import { isJsonObject, parseInstant, pointer } from '@tessera/tag-catalog';
import type { BindingScope, GivenValue } from './binding-scope';
import { checkTimeZone } from './check-time-zone';
import type { Window } from './expression';
import { CALENDAR_OFFSET_MIN } from './limits';
import { readDuration } from './read-duration';
import { showJson } from './show-json';

type Fields = ReadonlyMap<string, unknown>;

const FORMS = '{"last": duration}, {"from"?, "to"?} or {"calendar", "offset", "timeZone"?}';

/** Reads a window, exactly one of the three forms; null after reporting what is wrong with it. */
export function bindWindow(scope: BindingScope, json: unknown, path: string): Window | null {
  if (!isJsonObject(json)) {
    return scope.report(path, 'wrongType', `A window is an object, ${FORMS}, not ${showJson(json)}.`);
  }
  const forms: ('last' | 'from and to' | 'calendar')[] = [];
  if (Object.hasOwn(json, 'last')) forms.push('last');
  if (Object.hasOwn(json, 'from') || Object.hasOwn(json, 'to')) forms.push('from and to');
  if (Object.hasOwn(json, 'calendar')) forms.push('calendar');
  if (forms.length > 1) {
    return scope.report(
      path,
      'severalForms',
      `This window mixes ${forms.join(' with ')}; it takes exactly one form: ${FORMS}.`,
    );
  }
  const [form] = forms;
  if (form === undefined) return scope.report(path, 'noForm', `This window has no known form; it takes ${FORMS}.`);
  switch (form) {
    case 'last':
      return bindLast(scope, json, path);
    case 'from and to':
      return bindRange(scope, json, path);
    case 'calendar':
      return bindCalendar(scope, json, path);
  }
}

function bindLast(scope: BindingScope, json: unknown, path: string): Window | null {
  const fields = scope.readObject(json, path, 'a window of the form "last"', ['last']);
  const given = fields === null ? null : scope.give(fields.get('last'), pointer(path, 'last'));
  const durationMs = given === null ? null : readDuration(scope, given);
  return durationMs === null ? null : { kind: 'last', durationMs };
}

function bindRange(scope: BindingScope, json: unknown, path: string): Window | null {
  const fields = scope.readObject(json, path, 'a window of the form "from" and "to"', ['from', 'to']);
  if (fields === null) return null;
  const from = readEnd(scope, fields, 'from', path);
  const to = readEnd(scope, fields, 'to', path);
  if (from === null || to === null) return null;
  if (from.instantMs !== null && to.instantMs !== null && from.instantMs >= to.instantMs) {
    return scope.report(path, 'emptyWindow', '"from" must lie before "to": the window is [from, to), without its end.');
  }
  if (from.instantMs === null && to.instantMs === null) {
    return scope.report(path, 'noForm', `This window has no end at all; it takes ${FORMS}.`);
  }
  return { kind: 'range', fromMs: from.instantMs, toMs: to.instantMs };
}

function readEnd(
  scope: BindingScope,
  fields: Fields,
  key: 'from' | 'to',
  path: string,
): { instantMs: number | null } | null {
  if (!fields.has(key)) return { instantMs: null };
  const given = scope.give(fields.get(key), pointer(path, key));
  if (given === null) return null;
  const instantMs = typeof given.json === 'string' ? parseInstant(given.json) : null;
  if (instantMs !== null) return { instantMs };
  return scope.reportValue(
    given,
    typeof given.json === 'string' ? 'invalidDatetime' : 'wrongType',
    `"${key}" is an RFC 3339 date-time with zone, at most 3 fraction digits, e.g. "2026-01-31T00:00:00Z", not ${showJson(given.json)}.`,
  );
}

function bindCalendar(scope: BindingScope, json: unknown, path: string): Window | null {
  const fields = scope.readObject(json, path, 'a window of the form "calendar"', ['calendar', 'offset', 'timeZone']);
  if (fields === null) return null;
  const unit = readUnit(scope, scope.give(fields.get('calendar'), pointer(path, 'calendar')));
  const offset = readOffset(scope, fields, path);
  const timeZone = readTimeZone(scope, fields, path);
  if (unit === null || offset === null || timeZone === null) return null;
  return { kind: 'calendar', unit, offset, timeZone };
}

function readUnit(scope: BindingScope, given: GivenValue | null): 'day' | 'week' | 'month' | null {
  if (given === null) return null;
  const unit = given.json;
  if (unit === 'day' || unit === 'week' || unit === 'month') return unit;
  return scope.reportValue(given, 'wrongType', `"calendar" is "day", "week" or "month", not ${showJson(unit)}.`);
}

function readOffset(scope: BindingScope, fields: Fields, path: string): number | null {
  const offsetPath = pointer(path, 'offset');
  if (!fields.has('offset')) {
    return scope.report(
      offsetPath,
      'missingKey',
      'A calendar window needs "offset": 0 is the running unit, -1 the whole one before.',
    );
  }
  const given = scope.give(fields.get('offset'), offsetPath);
  if (given === null) return null;
  const offset = given.json;
  if (typeof offset !== 'number') {
    return scope.reportValue(given, 'wrongType', `"offset" is a whole number, not ${showJson(offset)}.`);
  }
  if (Number.isInteger(offset) && offset <= 0 && offset >= CALENDAR_OFFSET_MIN) return offset === 0 ? 0 : offset;
  return scope.reportValue(
    given,
    'outOfRange',
    `"offset" is a whole number from ${CALENDAR_OFFSET_MIN} to 0 (the running unit), not ${offset}.`,
  );
}

function readTimeZone(scope: BindingScope, fields: Fields, path: string): string | null {
  if (!fields.has('timeZone')) return scope.timeZone;
  const given = scope.give(fields.get('timeZone'), pointer(path, 'timeZone'));
  if (given === null) return null;
  return (
    checkTimeZone(given.json) ??
    scope.reportValue(
      given,
      typeof given.json === 'string' ? 'unknownTimeZone' : 'wrongType',
      `${showJson(given.json)} is no time zone; write an IANA name such as "Europe/Berlin".`,
    )
  );
}
