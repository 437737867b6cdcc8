import { Module } from '@nestjs/common';
import type { DynamicModule, Provider } from '@nestjs/common';
import { APP_FILTER, APP_GUARD, APP_PIPE } from '@nestjs/core';
import { AbsentEngine } from './absent/absent-engine';
import { AbsentLists, AbsentStatistics, AbsentVerifier } from './absent/absent-stores';
import { TagListing } from './catalog/tag-listing';
import { TagTypeDesk } from './catalog/tag-type-desk';
import { TagTypesController } from './catalog/tag-types.controller';
import { TagsController } from './catalog/tags.controller';
import { AccessGuard } from './access/access.guard';
import { ListDesk } from './lists/list-desk';
import { ListsController } from './lists/lists.controller';
import { MessageDesk } from './messages/message-desk';
import { MessageIntake } from './messages/message-intake';
import { MessagesController } from './messages/messages.controller';
import { MessageRate } from './operations/message-rate';
import { HealthController } from './operations/health.controller';
import { OperationsController } from './operations/operations.controller';
import { StatusDesk } from './operations/status';
import { VerificationDesk } from './operations/verification-desk';
import { CATALOG_STORE, HTTP_API_OPTIONS, listReferences, READ_OFFSETS, SEGMENTATION_ENGINE } from './ports';
import type { HttpApiOptions, HttpApiPorts } from './ports';
import { ProblemFilter } from './problem/problem.filter';
import { DtoPipe } from './requests/dto.pipe';
import { Gate, StreamGate } from './requests/gate';
import { QueryGuard } from './requests/query.guard';
import { DistributionCounter } from './segmentation/distribution';
import { MemberCursors } from './segmentation/member-cursors';
import { MemberLister } from './segmentation/members';
import { OverlapCounter } from './segmentation/overlap';
import { QuestionReader } from './segmentation/question';
import { SegmentationController } from './segmentation/segmentation.controller';
import { Evaluator } from './users/evaluation';
import { UserDesk } from './users/user-desk';
import { UsersController } from './users/users.controller';

/** Everything under `/v1`, health, metrics and status. The app chooses the adapters. */
@Module({})
export class HttpApiModule {
  static register(ports: HttpApiPorts, options: HttpApiOptions): DynamicModule {
    return {
      module: HttpApiModule,
      controllers: [
        TagTypesController,
        TagsController,
        MessagesController,
        SegmentationController,
        UsersController,
        ListsController,
        HealthController,
        OperationsController,
      ],
      providers: [...serviceProviders(ports, options), ...edgeProviders()],
    };
  }
}

/** The services are plain classes; they are put together by hand, in order. */
function serviceProviders(ports: HttpApiPorts, options: HttpApiOptions): Provider[] {
  const { clock, secret } = options;
  const { catalogStore, users, writes, offsets } = ports;
  const engine = ports.engine ?? new AbsentEngine();
  const lists = ports.lists ?? new AbsentLists();
  const statistics = ports.statistics ?? new AbsentStatistics();
  const references = ports.references ?? listReferences(lists);
  const cursors = new MemberCursors(secret, clock, options.cursorBytesMax);
  const streams = new StreamGate('uploads', options.messagesConcurrency, 'MESSAGES_CONCURRENCY');
  const rate = options.rate ?? new MessageRate(clock);
  const defaults = { timeZone: options.timeZone, valueLimits: options.messages };
  const questions = new QuestionReader(catalogStore, references, offsets, clock, defaults);
  const intake = new MessageIntake(catalogStore, writes, clock, options);
  const desk = new UserDesk(catalogStore, users, writes, questions, cursors, options);
  const services: readonly object[] = [
    questions,
    desk,
    new Gate('requests', options.requestsConcurrency, 'REQUESTS_CONCURRENCY'),
    new MessageDesk(intake, streams, rate, options.metrics),
    new MemberLister(questions, engine, users, cursors),
    new OverlapCounter(questions, engine),
    new DistributionCounter(questions, engine, catalogStore),
    new Evaluator(questions, users, desk, engine, clock),
    new TagTypeDesk(catalogStore, statistics, ports.namesTaken),
    new TagListing(catalogStore, statistics, engine.name, clock),
    new ListDesk(lists, streams),
    new StatusDesk(ports, rate, options.version),
    new VerificationDesk(ports.verifier ?? new AbsentVerifier()),
  ];
  return [
    { provide: HTTP_API_OPTIONS, useValue: options },
    { provide: CATALOG_STORE, useValue: catalogStore },
    { provide: SEGMENTATION_ENGINE, useValue: engine },
    { provide: READ_OFFSETS, useValue: offsets },
    ...services.map((service) => ({ provide: service.constructor, useValue: service })),
  ];
}

/** Access, queries, bodies and errors, the same for every route. */
function edgeProviders(): Provider[] {
  return [
    { provide: APP_GUARD, useClass: AccessGuard },
    { provide: APP_GUARD, useClass: QueryGuard },
    { provide: APP_PIPE, useClass: DtoPipe },
    { provide: APP_FILTER, useClass: ProblemFilter },
  ];
}
