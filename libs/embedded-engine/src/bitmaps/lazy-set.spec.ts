import { RoaringBitmap32 } from '@tessera/bitmap';
import { NumberVector } from '../columns/number-vector';
import { SeededRandom } from '../testing/seeded-random';
import { inArena } from './arena';
import { AdjustedSet, EdgedSet, type Piece, OverlaidSet, ScannedSet } from './filtered-set';
import { IntersectSet, type LazySet, nobody, PlainSet, UniteSet, Without } from './lazy-set';
import { FunctionTest, RangeTest, ValuesTest } from './position-test';

const SEED = Number(process.env['SEED'] ?? 20_261_121);
const USERS = 400;

/** A set and the users it must hold. */
interface Sample {
  readonly make: () => LazySet;
  readonly users: ReadonlySet<number>;
  readonly text: string;
}

function columnOf(random: SeededRandom): NumberVector {
  const column = new NumberVector(USERS);
  for (let user = 0; user < USERS - 30; user++) {
    if (random.chance(0.8)) {
      column.set(user, random.between(0, 9));
    }
  }
  return column;
}

function pieceOf(bitmap: RoaringBitmap32): Piece {
  return { size: bitmap.size, bitmap };
}

function usersWhere(passes: (user: number) => boolean): Set<number> {
  return new Set(Array.from({ length: USERS }, (_, user) => user).filter(passes));
}

function draw(random: SeededRandom, column: NumberVector, depth: number): Sample {
  const all = RoaringBitmap32.fromRange(0, USERS);
  const value = random.between(0, 9);
  const inner = (): Sample => draw(random, column, depth - 1);
  const some = usersWhere(() => random.chance(0.4));
  switch (random.between(0, depth === 0 ? 4 : 7)) {
    case 0:
      return { make: () => new PlainSet(new RoaringBitmap32(some)), users: some, text: 'some' };
    case 1:
      return { make: nobody, users: new Set(), text: 'nobody' };
    case 2: {
      const test = random.pick([new ValuesTest(column, [value]), new FunctionTest(column, (held) => held === value)]);
      return {
        make: () => new ScannedSet(column, test),
        users: usersWhere((user) => column.get(user) === value),
        text: `= ${value}`,
      };
    }
    case 3: {
      // What the index says of those who changed is wrong on purpose.
      const changed = usersWhere(() => random.chance(0.1));
      const stale = usersWhere((user) => (changed.has(user) ? random.chance(0.5) : column.get(user) === value));
      return {
        make: () =>
          new OverlaidSet(
            new PlainSet(new RoaringBitmap32(stale), random.chance(0.5)),
            new RoaringBitmap32(changed),
            new RangeTest(column, value, value),
          ),
        users: usersWhere((user) => column.get(user) === value),
        text: `changed ${value}`,
      };
    }
    case 4: {
      const outer = usersWhere((user) => (column.get(user) ?? 99) <= value);
      const core = usersWhere((user) => (column.get(user) ?? 99) < value);
      const edge = new RoaringBitmap32([...outer].filter((user) => !core.has(user)));
      const isMinus = random.chance(0.5);
      const sure = (): LazySet => new PlainSet(new RoaringBitmap32(core));
      return {
        make: () =>
          random.chance(0.5)
            ? new EdgedSet(sure(), [pieceOf(edge)], new RangeTest(column, 0, value))
            : isMinus
              ? new AdjustedSet(
                  pieceOf(all),
                  [],
                  [pieceOf(new RoaringBitmap32(usersWhere((user) => !outer.has(user))))],
                )
              : new AdjustedSet(pieceOf(new RoaringBitmap32(core)), [pieceOf(edge)], []),
        users: outer,
        text: `up to ${value}`,
      };
    }
    case 5: {
      const parts = [inner(), inner(), inner()].slice(0, random.between(1, 3));
      return {
        make: () => new IntersectSet(parts.map(({ make }) => make())),
        users: usersWhere((user) => parts.every(({ users }) => users.has(user))),
        text: `and(${parts.map(({ text }) => text).join(', ')})`,
      };
    }
    case 6: {
      const parts = [inner(), inner(), inner()].slice(0, random.between(1, 3));
      return {
        make: () => new UniteSet(parts.map(({ make }) => make())),
        users: usersWhere((user) => parts.some(({ users }) => users.has(user))),
        text: `or(${parts.map(({ text }) => text).join(', ')})`,
      };
    }
    default: {
      const part = inner();
      return {
        make: () => new Without(new PlainSet(all), part.make(), random.chance(0.5)),
        users: usersWhere((user) => !part.users.has(user)),
        text: `not(${part.text})`,
      };
    }
  }
}

describe('lazy sets', () => {
  it(`answer every question as a plain set of users does (seed ${SEED})`, () => {
    const random = new SeededRandom(SEED);
    for (let round = 0; round < 600; round++) {
      const column = columnOf(random);
      const { make, users, text } = draw(random, column, 3);
      const members = usersWhere(() => random.chance(0.5));
      const withOrWithout = random.chance(0.5) ? inArena : <T>(work: () => T): T => work();
      withOrWithout(() => {
        const kept = new RoaringBitmap32(members);
        make().retain(kept);
        const left = new RoaringBitmap32(members);
        make().remove(left);
        expect({
          text,
          count: make().count(),
          users: make().operand().bitmap.toArray(),
          countIn: make().countIn(new RoaringBitmap32(members)),
          kept: kept.toArray(),
          left: left.toArray(),
          enough: make().sizeMax >= users.size,
        }).toEqual({
          text,
          count: users.size,
          users: [...users],
          countIn: [...users].filter((user) => members.has(user)).length,
          kept: [...members].filter((user) => users.has(user)),
          left: [...members].filter((user) => !users.has(user)),
          enough: true,
        });
      });
    }
  });
});
