// Loaded into a server under test: on SIGUSR2 it collects garbage twice and prints the bytes in use.
process.on('SIGUSR2', () => {
  global.gc();
  global.gc();
  const { heapUsed, external, arrayBuffers } = process.memoryUsage();
  process.stdout.write(`heap-bytes ${heapUsed + external + arrayBuffers}\n`);
});
