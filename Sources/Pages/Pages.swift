// What people see of the service in a browser: HTML, CSS and JavaScript modules, compiled into the binary, so that a
// release is one file and no request touches the disk. It promises files as they are in the folder `files`, with no
// build step; who serves them, to whom and with which headers is the web tier's to say.

/// The files of the pages.
package enum Pages {
  /// By the names under which they are asked for. A name ends in what it is.
  package static let files: [(name: String, bytes: [UInt8])] = [
    ("index.html", PackageResources.index_html),
    ("style.css", PackageResources.style_css),
    ("admin.html", PackageResources.admin_html),
    ("admin.css", PackageResources.admin_css),
    ("admin.js", PackageResources.admin_js),
    ("admin-chart.js", PackageResources.admin_chart_js),
    ("admin-dead-letters.js", PackageResources.admin_dead_letters_js),
    ("admin-dom.js", PackageResources.admin_dom_js),
    ("admin-service.js", PackageResources.admin_service_js),
    ("icon.svg", PackageResources.icon_svg),
    ("openapi.json", PackageResources.openapi_json),
    ("accept.js", PackageResources.accept_js),
    ("app.js", PackageResources.app_js),
    ("backoff.js", PackageResources.backoff_js),
    ("cards.js", PackageResources.cards_js),
    ("events.js", PackageResources.events_js),
    ("folders.js", PackageResources.folders_js),
    ("keydialog.js", PackageResources.keydialog_js),
    ("keys.js", PackageResources.keys_js),
    ("limits.js", PackageResources.limits_js),
    ("live.js", PackageResources.live_js),
    ("overview.js", PackageResources.overview_js),
    ("picture.js", PackageResources.picture_js),
    ("problems.js", PackageResources.problems_js),
    ("recognition.js", PackageResources.recognition_js),
    ("schedule.js", PackageResources.schedule_js),
    ("table.js", PackageResources.table_js),
    ("tally.js", PackageResources.tally_js),
    ("thumbnails.js", PackageResources.thumbnails_js),
    ("times.js", PackageResources.times_js),
    ("transport.js", PackageResources.transport_js),
    ("verdict.js", PackageResources.verdict_js),
    ("words.js", PackageResources.words_js),
  ]
}
