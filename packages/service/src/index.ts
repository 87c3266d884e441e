export { createPipelineService, type PipelineConfig, type PipelineService } from './create-service.ts';
export { kafkaSecurity, mongoAddress } from './mounted-secrets.ts';
export { pipelineSettings } from './settings.ts';
