// Everything that the page itself says, in English. What stands here is text; what depends on numbers or names is a
// function of them. A translation is another object of the same type, and nothing else.

import * as now from "./now";
import * as people from "./people";
import * as rooms from "./rooms";
import * as shell from "./shell";
import * as statistics from "./statistics";
import { words } from "./words";

export const english = { ...shell, ...now, ...rooms, ...statistics, ...people, words };

export type Strings = typeof english;

export const strings: Strings = english;
