import { fanoutKills } from '../conformance/fanout-kills.ts';
import { memoryStage } from './memory-stage.ts';

fanoutKills('memory', memoryStage);
