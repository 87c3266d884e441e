export { createPipelineService, type PipelineConfig, type PipelineService } from './pipeline-service.ts';
export { pipelineSettings } from './settings.ts';
