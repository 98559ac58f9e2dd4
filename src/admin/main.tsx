// The page: a thin client of the API. All that it shows is asked there, all that it does is said there.
//
// Comes in: the API below the place that this page is served from. Goes out: screens, one for each place in
// the URL, and words of a person, each looked at before it is said. On failure: it says what is not known,
// and since when; what was known stays in sight.

import { render } from 'preact';
import { Frame } from './frame/frame.tsx';
import { followLooks } from './frame/looks.ts';
import { followSession } from './live/session.ts';
import './style/base.css';
import './style/parts.css';
import './style/screens.css';
import './style/jobs.css';

followLooks();
followSession();
const place = document.getElementById('page');
if (place) render(<Frame />, place);
