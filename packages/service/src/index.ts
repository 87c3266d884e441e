export {
  createDatabase,
  createService,
  type RunnableService,
  type ServiceComponent,
  type ServiceEdges,
  type ServiceParts,
} from './create-service.ts';
export { kafkaSecurity, mongoAddress } from './mounted-secrets.ts';
export { outboxSettings, pipelineSettings, simulatedWorkSettings, type ServiceConfig } from './settings.ts';
