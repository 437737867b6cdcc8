const DAY_MS = 86_400_000;

/** Counts new guids by UTC day, and tells once a day when there are more than expected: somebody may be making cuids up. */
export class NewGuids {
  #day = -1;
  #today = 0;
  #total = 0;
  #isTold = false;

  /**
   * @param alarm so many a day; 0: never.
   * @param tell given a sentence.
   * @param now wall clock, ms.
   */
  constructor(
    readonly alarm: number,
    private readonly tell: (line: string) => void,
    private readonly now: () => number = Date.now,
  ) {}

  add(count: number): void {
    this.#turn();
    this.#today += count;
    this.#total += count;
    if (this.alarm === 0 || this.#isTold || this.#today <= this.alarm) return;
    this.#isTold = true;
    this.tell(
      `This process has bound ${this.#today.toLocaleString('en-US')} new cuids today, more than NEW_GUIDS_ALARM (${this.alarm.toLocaleString('en-US')}); ` +
        'look where they come from, CUID_PATTERN refuses what is none',
    );
  }

  /** Since midnight UTC, of this process. */
  get today(): number {
    this.#turn();
    return this.#today;
  }

  /** Since the start of this process. */
  get total(): number {
    return this.#total;
  }

  #turn(): void {
    const day = Math.floor(this.now() / DAY_MS);
    if (day === this.#day) return;
    this.#day = day;
    this.#today = 0;
    this.#isTold = false;
  }
}
