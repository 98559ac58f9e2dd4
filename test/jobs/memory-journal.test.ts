import { journalConformance } from '../conformance/journal.ts';
import { memoryStage } from './memory-stage.ts';

journalConformance('memory', memoryStage);
