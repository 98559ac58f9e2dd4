import { moveKills } from '../conformance/move-kills.ts';
import { memoryStage } from './memory-stage.ts';

moveKills('memory', memoryStage);
