import { MessageRate } from './message-rate';

it('means the last minute', () => {
  const time = { nowMs: 1_000_000 };
  const rate = new MessageRate(() => time.nowMs);
  expect(rate.perSecond()).toBe(0);
  rate.add(60);
  time.nowMs += 30_000;
  rate.add(60);
  expect(rate.perSecond()).toBe(2);
  time.nowMs += 30_000;
  expect(rate.perSecond()).toBe(1);
  time.nowMs += 3_600_000;
  expect(rate.perSecond()).toBe(0);
});
