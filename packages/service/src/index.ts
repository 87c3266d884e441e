export {
  createDatabase,
  createService,
  type RunnableService,
  type ServiceComponent,
  type ServiceEdges,
  type ServiceParts,
} from './create-service.ts';
export { kafkaSecurity, mongoAddress } from './mounted-secrets.ts';
export { pipelineSettings, type ServiceConfig } from './settings.ts';
