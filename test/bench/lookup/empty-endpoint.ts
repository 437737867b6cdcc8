// The peer of the lookup bench: a Nest application with endpoints that do nothing. Prints `listening <url>`.
import 'reflect-metadata';
import { NestFactory } from '@nestjs/core';
import { EmptyEndpointModule } from './empty-endpoint.module';

async function main(): Promise<void> {
  // eslint-disable-next-line @typescript-eslint/no-unsafe-class-instance-assignment -- Nest declares its options as a class that nobody makes
  const app = await NestFactory.create(EmptyEndpointModule, { logger: false });
  await app.listen(0, '127.0.0.1');
  console.log(`listening ${await app.getUrl()}`);
}

main().catch((error: unknown) => {
  console.error(error);
  process.exitCode = 1;
});
