const ROW_LIMIT = 2 ** 31;

/**
 * The first rows of a bucket by user, rows of one user in order of arrival: finds a user's rows by one binary search in a small array
 * of the bucket's users. 4 bytes a row and 8 a user.
 */
export class RowOrder {
  /** Rows sorted by user. */
  readonly #rows: Uint32Array;
  /** The bucket's users ascending, and where each one's rows begin. */
  readonly #users: Uint32Array;
  readonly #starts: Uint32Array;

  /** @param locals each row's user; the first `count` rows are taken in. */
  constructor(locals: ArrayLike<number>, count: number) {
    // User and row in one double (20 + 31 bits), so that the native sort does the work.
    const keys = new Float64Array(count);
    for (let row = 0; row < count; row++) {
      keys[row] = locals[row]! * ROW_LIMIT + row;
    }
    keys.sort();
    this.#rows = new Uint32Array(count);
    const users = new Uint32Array(count);
    const starts = new Uint32Array(count + 1);
    let found = 0;
    for (let place = 0; place < count; place++) {
      const row = keys[place]! % ROW_LIMIT;
      const user = locals[row]!;
      this.#rows[place] = row;
      if (found === 0 || users[found - 1] !== user) {
        users[found] = user;
        starts[found++] = place;
      }
    }
    starts[found] = count;
    this.#users = users.slice(0, found);
    this.#starts = starts.slice(0, found + 1);
  }

  /** Rows taken in; later ones are not known here. */
  get count(): number {
    return this.#rows.length;
  }

  get bytes(): number {
    return this.#rows.byteLength + this.#users.byteLength + this.#starts.byteLength;
  }

  /** Appends the user's rows, in order of arrival. */
  find(local: number, found: number[]): void {
    const users = this.#users;
    let from = 0;
    let to = users.length;
    while (from < to) {
      const middle = (from + to) >>> 1;
      if (users[middle]! < local) {
        from = middle + 1;
      } else {
        to = middle;
      }
    }
    if (users[from] === local) {
      for (let place = this.#starts[from]!; place < this.#starts[from + 1]!; place++) {
        found.push(this.#rows[place]!);
      }
    }
  }
}
