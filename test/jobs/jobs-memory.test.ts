import { jobsConformance } from '../conformance/jobs.ts';
import { memoryStage } from './memory-stage.ts';

jobsConformance('memory', memoryStage);
