import { InFlight } from './in-flight';

describe('InFlight', () => {
  it('never lets more run than it was told', async () => {
    const flight = new InFlight(3);
    let [running, most, done] = [0, 0, 0];
    for (let piece = 0; piece < 20; piece += 1) {
      await flight.start(async () => {
        running += 1;
        most = Math.max(most, running);
        await new Promise((resolve) => setImmediate(resolve));
        running -= 1;
        done += 1;
      });
    }
    await flight.settle();
    expect({ running, most, done }).toEqual({ running: 0, most: 3, done: 20 });
  });

  it('hands a failure to the next caller', async () => {
    const flight = new InFlight(2);
    await flight.start(() => Promise.reject(new Error('the disk is full')));
    await expect(flight.settle()).rejects.toThrow('the disk is full');
    await expect(flight.start(() => Promise.resolve())).rejects.toThrow('the disk is full');
  });
});
