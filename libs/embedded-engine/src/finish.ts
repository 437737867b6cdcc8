/** Takes all steps without a pause. */
export function finish(steps: Iterator<void>): void {
  while (steps.next().done !== true);
}
