export { HttpApiModule } from './http-api.module';
export { serveOpenApi } from './openapi/serve-openapi.module';
export * from './ports';
