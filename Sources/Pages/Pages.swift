// What people see of the service in a browser: HTML, CSS and JavaScript modules, compiled into the binary, so that a
// release is one file and no request touches the disk. It promises files as they are in the folder `files`, with no
// build step; who serves them, to whom and with which headers is the web tier's to say.

/// The files of the pages.
package enum Pages {
  /// By the names under which they are asked for. A name ends in what it is.
  package static let files: [(name: String, bytes: [UInt8])] = [
    ("index.html", PackageResources.index_html),
    ("style.css", PackageResources.style_css),
    ("app.js", PackageResources.app_js),
    ("admin.html", PackageResources.admin_html),
    ("admin.css", PackageResources.admin_css),
    ("admin.js", PackageResources.admin_js),
    ("admin-chart.js", PackageResources.admin_chart_js),
    ("admin-dead-letters.js", PackageResources.admin_dead_letters_js),
    ("admin-dom.js", PackageResources.admin_dom_js),
    ("admin-service.js", PackageResources.admin_service_js),
    ("icon.svg", PackageResources.icon_svg),
  ]
}
