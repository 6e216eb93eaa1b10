"""Reading commands of an article that klinik runs itself."""
