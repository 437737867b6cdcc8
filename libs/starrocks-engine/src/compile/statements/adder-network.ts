import type { Gate, SumTerm } from './gate';

/** What the network is built with; folds constants. */
export interface GateMaker {
  readonly all: Gate;
  readonly none: Gate;
  and(inputs: readonly Gate[]): Gate;
  or(inputs: readonly Gate[]): Gate;
  less(left: Gate, right: Gate): Gate;
}

/**
 * The binary digits of a weighted sum, lowest first, by full adders: of three inputs of one weight comes one of the same weight and a carry of
 * twice as much. About 7 gates an input; inputs are taken in turn, so that the depth grows with the logarithm of their number.
 */
export function addDigits(maker: GateMaker, terms: readonly SumTerm[]): readonly Gate[] {
  const columns: Gate[][] = [];
  const put = (digit: number, gate: Gate): void => {
    if (gate.kind === 'none') return;
    while (columns.length <= digit) columns.push([]);
    columns[digit]?.push(gate);
  };
  for (const { gate, weight } of terms) {
    for (let digit = 0, rest = weight; rest > 0; digit += 1, rest = Math.floor(rest / 2)) {
      if (rest % 2 === 1) put(digit, gate);
    }
  }
  const digits: Gate[] = [];
  for (let digit = 0; digit < columns.length; digit += 1) {
    digits.push(
      addColumn(maker, columns[digit] ?? [], (carry) => {
        put(digit + 1, carry);
      }),
    );
  }
  return digits;
}

/** The digit of one column; what it carries over is handed to `carry`. */
function addColumn(maker: GateMaker, column: readonly Gate[], carry: (gate: Gate) => void): Gate {
  const queue = [...column];
  for (let next = 0; next < queue.length;) {
    const [first, second, third] = queue.slice(next, next + 3);
    if (first === undefined || second === undefined) return first ?? maker.none;
    const both = maker.and([first, second]);
    const one = maker.less(maker.or([first, second]), both);
    if (third === undefined) {
      carry(both);
      return one;
    }
    const further = maker.and([one, third]);
    carry(maker.or([both, further]));
    queue.push(maker.less(maker.or([one, third]), further));
    next += 3;
  }
  return maker.none;
}

/** Whether the number of these digits is at least `least`: from the lowest digit up, one `and` or `or` a digit. */
export function reaches(maker: GateMaker, digits: readonly Gate[], least: number): Gate {
  if (least >= 2 ** digits.length) return maker.none;
  return digits.reduce((reached, gate, digit) => {
    const wanted = Math.floor(least / 2 ** digit) % 2 === 1;
    return wanted ? maker.and([gate, reached]) : maker.or([gate, reached]);
  }, maker.all);
}
