import { fanoutKills } from '../conformance/fanout-kills.ts';
import { memoryStage } from './memory-stage.ts';

fanoutKills('memory', memoryStage);
// The rest of it is as without.
const at = /cluster\.(apply|remove)|journal\.put/;
fanoutKills('memory, with a Secret', memoryStage, { secrets: true, at });
