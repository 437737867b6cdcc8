/** Appends to the list kept under a key, starting it where there is none. */
export function pushTo(groups: Map<number, number[]>, key: number, position: number): void {
  const group = groups.get(key);
  if (group === undefined) {
    groups.set(key, [position]);
  } else {
    group.push(position);
  }
}
