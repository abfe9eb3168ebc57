/**
 * Reports to look at: figures as elements of a page, and a page of its own.
 * @module tfjs-compress/plugins/vis
 */
export {reportPage, type ReportPageOptions} from './reportPage.ts';
export {type LayerFigure, reportPlots, type ReportPlots, type ReportPlotsOptions} from './reportPlots.ts';
