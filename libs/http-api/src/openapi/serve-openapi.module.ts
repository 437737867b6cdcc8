import type { INestApplication } from '@nestjs/common';
import { DocumentBuilder, SwaggerModule } from '@nestjs/swagger';

/** Serves the OpenAPI document at /docs/openapi.json and a page to read it at /docs. It is made at the first request, not at the start. */
export function serveOpenApi(app: INestApplication, version: string): void {
  const description = 'Audience segmentation and user tags: exact counts, members and single users, in milliseconds.';
  const config = new DocumentBuilder()
    .setTitle('Tessera')
    .setDescription(description)
    .setVersion(version)
    .addBearerAuth()
    .build();
  SwaggerModule.setup('docs', app, () => SwaggerModule.createDocument(app, config), {
    customSiteTitle: 'Tessera API',
    jsonDocumentUrl: 'docs/openapi.json',
    yamlDocumentUrl: 'docs/openapi.yaml',
  });
}
