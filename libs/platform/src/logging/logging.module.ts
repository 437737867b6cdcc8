import { Module } from '@nestjs/common';
import type { DynamicModule } from '@nestjs/common';
import { LoggerModule } from 'nestjs-pino';
import type { LogLevel } from '../config/config';
import { loggingOptions, logsRequests } from './logging-options';

/**
 * Structured logs (pino, JSON lines to standard error) for Nest, and for every request where the level asks for that. Elsewhere
 * requests pass no logging middleware, which costs a tenth of a small request; `observeRequests` tells of those that failed.
 */
@Module({})
export class LoggingModule {
  static register(level: LogLevel): DynamicModule {
    const params = { pinoHttp: loggingOptions(level), ...(logsRequests(level) ? {} : { forRoutes: [] }) };
    return { module: LoggingModule, imports: [LoggerModule.forRoot(params)] };
  }
}
