import { Module } from '@nestjs/common';
import type { DynamicModule } from '@nestjs/common';
import { TagTypeDesk } from '../catalog/tag-type-desk';
import { TagTypesController } from '../catalog/tag-types.controller';
import { edgeProviders } from '../http-api.module';
import { MessageDesk } from '../messages/message-desk';
import { MessageIntake } from '../messages/message-intake';
import { MessagesController } from '../messages/messages.controller';
import { HealthController } from '../operations/health.controller';
import { MessageRate } from '../operations/message-rate';
import { CATALOG_STORE, HTTP_API_OPTIONS, READ_OFFSETS } from '../ports';
import { Gate, StreamGate } from '../requests/gate';
import { ErasuresController } from './erasures.controller';
import { IntakeOperationsController } from './intake-operations.controller';
import { ERASURE_SINK } from './intake-ports';
import type { IntakeApiOptions, IntakeApiPorts } from './intake-ports';
import { NotBuiltController } from './not-built.controller';

/** The part of the HTTP API that needs no engine: tag types, messages, erasures, health, metrics and status. The rest answers 501. */
@Module({})
export class IntakeApiModule {
  static register(ports: IntakeApiPorts, options: IntakeApiOptions): DynamicModule {
    const { catalogStore, sink, offsets, namesTaken } = ports;
    const rate = new MessageRate(options.clock);
    const streams = new StreamGate('uploads', options.messagesConcurrency, 'MESSAGES_CONCURRENCY');
    const intake = new MessageIntake(catalogStore, sink, options.clock, options);
    const services: readonly object[] = [
      rate,
      new Gate('requests', options.requestsConcurrency, 'REQUESTS_CONCURRENCY'),
      new MessageDesk(intake, streams, rate, options.metrics),
      new TagTypeDesk(catalogStore, null, namesTaken),
    ];
    return {
      module: IntakeApiModule,
      controllers: [
        TagTypesController,
        MessagesController,
        ErasuresController,
        HealthController,
        IntakeOperationsController,
        // The last: it takes what is left.
        NotBuiltController,
      ],
      providers: [
        { provide: HTTP_API_OPTIONS, useValue: options },
        { provide: CATALOG_STORE, useValue: catalogStore },
        { provide: ERASURE_SINK, useValue: sink },
        { provide: READ_OFFSETS, useValue: offsets },
        ...services.map((service) => ({ provide: service.constructor, useValue: service })),
        ...edgeProviders(),
      ],
    };
  }
}
