import { Module } from '@nestjs/common';
import type { DynamicModule } from '@nestjs/common';
import { HttpApiModule } from '@tessera/http-api';
import type { HttpApiOptions, HttpApiPorts } from '@tessera/http-api';
import { LoggingModule } from '@tessera/platform';
import type { LogLevel } from '@tessera/platform';

/** The HTTP API of the distributed shape. */
@Module({})
export class SegmentationApiModule {
  static register(logLevel: LogLevel, ports: HttpApiPorts, options: HttpApiOptions): DynamicModule {
    return {
      module: SegmentationApiModule,
      imports: [LoggingModule.register(logLevel), HttpApiModule.register(ports, options)],
    };
  }
}
