#pragma once

namespace actrec {

// The files of src/report/template, put together: one HTML page with the mark @REPORT_DATA@ where the JSON
// of the report belongs.
extern const char* const kReportTemplate;

}  // namespace actrec
