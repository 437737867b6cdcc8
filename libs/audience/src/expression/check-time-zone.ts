/** Zones seen to be valid, by lower-case name: at most as many as the IANA database has. */
const knownZones = new Map<string, string>();

/**
 * Checks an IANA time zone name with the zones of the runtime.
 *
 * @returns the name (in the runtime's letter case where that is the only difference), or null if there is no such zone. Offsets such
 * as `+08:00` are no names.
 */
export function checkTimeZone(name: unknown): string | null {
  if (typeof name !== 'string' || !/^[A-Za-z][A-Za-z0-9_+/-]{0,63}$/.test(name)) return null;
  const lowerCase = name.toLowerCase();
  const known = knownZones.get(lowerCase);
  if (known !== undefined) return known;
  try {
    const resolved = new Intl.DateTimeFormat('en', { timeZone: name }).resolvedOptions().timeZone;
    // The runtime may replace a name by an older alias (Asia/Kolkata by Asia/Calcutta); people want to see their own.
    const zone = resolved.toLowerCase() === lowerCase ? resolved : name;
    knownZones.set(lowerCase, zone);
    return zone;
  } catch {
    return null;
  }
}
