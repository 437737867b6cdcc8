import { Module } from '@nestjs/common';
import type { DynamicModule } from '@nestjs/common';
import { IntakeApiModule } from '@tessera/http-api';
import type { IntakeApiOptions, IntakeApiPorts } from '@tessera/http-api';
import { LoggingModule } from '@tessera/platform';
import type { LogLevel } from '@tessera/platform';

/** The HTTP API as far as it needs no engine. */
@Module({})
export class SegmentationApiModule {
  static register(logLevel: LogLevel, ports: IntakeApiPorts, options: IntakeApiOptions): DynamicModule {
    return {
      module: SegmentationApiModule,
      imports: [LoggingModule.register(logLevel), IntakeApiModule.register(ports, options)],
    };
  }
}
