import fc from 'fast-check';
import { SpaceMap } from './space-map';
import type { Extent } from './value-file';

const total = (extents: readonly Extent[]): number => extents.reduce((sum, { pages }) => sum + pages, 0);

describe('SpaceMap', () => {
  it('never gives a page out twice, and loses none', () => {
    const steps = fc.array(
      fc.oneof(
        fc.record({ kind: fc.constant('take' as const), pages: fc.integer({ min: 1, max: 200 }) }),
        fc.record({ kind: fc.constant('give' as const), nth: fc.nat() }),
        fc.record({ kind: fc.constant('trim' as const) }),
      ),
      { maxLength: 120 },
    );
    fc.assert(
      fc.property(steps, (all) => {
        const map = new SpaceMap([], 0);
        const held: Extent[][] = [];
        for (const step of all) {
          if (step.kind === 'take') {
            const extents = map.allocate(step.pages);
            expect(total(extents)).toBe(step.pages);
            held.push(extents);
          } else if (step.kind === 'give') {
            const [extents] = held.splice(step.nth % Math.max(1, held.length), 1);
            if (extents !== undefined) map.release(extents);
          } else {
            map.trim();
          }
          const used = held.flat();
          // Throws if two of them overlap; what it finds free is what the map has free.
          expect(new SpaceMap(used, map.end).freePages).toBe(map.freePages);
          expect(map.freePages + total(used)).toBe(map.end);
        }
      }),
    );
  });

  it('puts a value together from pieces before the file grows, but not from crumbs', () => {
    const map = new SpaceMap(
      [
        { first: 20, pages: 10 },
        { first: 35, pages: 5 },
      ],
      60,
    );
    expect(map.allocate(45)).toEqual([
      { first: 0, pages: 20 },
      { first: 40, pages: 20 },
      { first: 60, pages: 5 },
    ]);
    expect(map.allocate(6)).toEqual([{ first: 65, pages: 6 }]);
    expect(map.allocate(5)).toEqual([{ first: 30, pages: 5 }]);
  });

  it('refuses pages that are used twice', () => {
    expect(
      () =>
        new SpaceMap(
          [
            { first: 3, pages: 4 },
            { first: 0, pages: 4 },
          ],
          10,
        ),
    ).toThrow('pages 3 to 3 are used twice');
    const map = new SpaceMap([], 0);
    const extents = map.allocate(3);
    map.release(extents);
    expect(() => map.release(extents)).toThrow('given back twice');
  });
});
