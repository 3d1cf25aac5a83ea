#include "netctl/graph.hpp"

#include <map>

#include <CLI/CLI.hpp>

#include "netctl/cli/cli.hpp"

namespace netctl::cli {

void define_graph(CLI::App& app, Session& session) {
  static command::GraphOptions options;
  using command::GraphForm;
  static const std::map<std::string, GraphForm> forms{{"tree", GraphForm::Tree},
                                                      {"dot", GraphForm::Dot},
                                                      {"svg", GraphForm::Svg},
                                                      {"json", GraphForm::Json},
                                                      {"yaml", GraphForm::Yaml}};
  auto* graph = app.add_subcommand("graph", "Draw the host's container network");
  graph
      ->add_option_function<std::string>(
          "-o,--output", [](const std::string& form) { options.form = forms.at(form); },
          "Print a tree, Graphviz' language, a picture for the browser, JSON or YAML")
      ->type_name("tree|dot|svg|json|yaml")
      ->check(CLI::IsMember({"tree", "dot", "svg", "json", "yaml"}));
  graph->add_flag("-w,--watch", options.watch, "Draw it again whenever it changes; Ctrl-C leaves");
  graph->footer("Example: netctl graph -o svg >network.svg");
  graph->callback([&session] {
    session.work = [&session] { return command::show_graph(session.settings, options); };
  });
}

}  // namespace netctl::cli
