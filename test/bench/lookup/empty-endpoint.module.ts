import { Module } from '@nestjs/common';
import { EmptyEndpointController } from './empty-endpoint.controller';

@Module({ controllers: [EmptyEndpointController] })
export class EmptyEndpointModule {}
