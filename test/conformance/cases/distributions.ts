import type { Script } from '../script';
import { message, profile, tag } from './build';

export const DISTRIBUTION_CASES: readonly Script[] = [
  {
    name: 'distribution over values: most frequent first, ties by value, elements of sets, expired values left out',
    steps: [
      profile('person', {
        city: 'string',
        flag: 'bool',
        labels: 'set',
        level: 'int',
        mood: { valueType: 'string', ttl: 'PT1H' },
      }),
      {
        send: [
          message('person', 'a', { city: 'oslo', flag: true, labels: ['x', 'y'], level: 1 }),
          message('person', 'b', { city: 'oslo', flag: false, labels: ['x'], level: 1 }),
          message('person', 'c', { city: 'rome', labels: [], level: 2 }),
          message('person', 'd', { city: 'bonn', level: -5 }),
          message('person', 'e', { city: '\u{1f600}', level: 1 }),
          message('person', 'f', { city: '\ue000' }),
          message('person', 'g', { flag: true }),
          message('person', 'a', { mood: 'old' }, { time: '2026-03-15T11:00:00Z' }),
          message('person', 'b', { mood: 'new' }, { time: '2026-03-15T11:00:00.001Z' }),
        ],
      },
      {
        distribution: tag('level', 'gte', 1),
        tags: ['city', 'flag', 'labels', 'level', 'mood'],
        top: 10,
        values: {
          city: [
            ['oslo', 2, 2],
            ['rome', 1, 1],
            ['\u{1f600}', 1, 1],
          ],
          flag: [
            [false, 1, 1],
            [true, 1, 2],
          ],
          labels: [
            ['x', 2, 2],
            ['y', 1, 1],
          ],
          level: [
            [1, 3, 3],
            [2, 1, 1],
          ],
          mood: [['new', 1, 1]],
        },
        histogram: { level: [] },
      },
      {
        distribution: { all: true },
        tags: ['city'],
        top: 3,
        values: {
          city: [
            ['oslo', 2, 2],
            ['bonn', 1, 1],
            ['rome', 1, 1],
          ],
        },
        histogram: { city: [] },
      },
      {
        distribution: { all: true },
        tags: ['city'],
        top: 4,
        values: {
          city: [
            ['oslo', 2, 2],
            ['bonn', 1, 1],
            ['rome', 1, 1],
            ['\ue000', 1, 1],
          ],
        },
      },
      { distribution: { not: { all: true } }, tags: ['city', 'labels'], top: 5, values: { city: [], labels: [] } },
    ],
  },
];
