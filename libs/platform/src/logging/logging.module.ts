import { Module } from '@nestjs/common';
import type { DynamicModule } from '@nestjs/common';
import { LoggerModule } from 'nestjs-pino';
import type { LogLevel } from '../config/config';
import { loggingOptions } from './logging-options';

/** Structured logs (pino, JSON lines to standard error) for Nest and for every request. */
@Module({})
export class LoggingModule {
  static register(level: LogLevel): DynamicModule {
    return { module: LoggingModule, imports: [LoggerModule.forRoot({ pinoHttp: loggingOptions(level) })] };
  }
}
